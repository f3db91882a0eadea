"""A course on disk: its folders, its configuration, the cells of its notebooks."""
