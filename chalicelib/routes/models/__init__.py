"""Wire models: what requests and responses contain."""
