"""Editions in other languages: from the one original to PO files, and back to folders of an edition."""
