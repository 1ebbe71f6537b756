"""What the facade is made of: each service coordinates the API client and the storage."""
