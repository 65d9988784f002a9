"""Bills of materials, and audits for known vulnerabilities."""
