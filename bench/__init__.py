"""Load generators and their judges. Each module has `run(arguments) -> dict` and a line that says what it measures."""
