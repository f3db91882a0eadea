"""What students wrote: read, recognised, and made harmless. The only place that parses it."""
