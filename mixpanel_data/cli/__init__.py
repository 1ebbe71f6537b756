"""The `mp` command: arguments in, one library call, data out."""
