"""From downloaded bodies to a table: kept on disk until they are in, read in bulk, told apart."""
