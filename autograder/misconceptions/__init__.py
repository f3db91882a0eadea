"""The catalogue of known slips, a TOML file for each assignment."""
