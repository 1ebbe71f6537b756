"""What the official SDKs send: /import, /track, /engage, /groups (contract, section 15)."""
