"""The one catalogue of sentences: findings are data, and become words where a person reads them."""
