"""Floor 9: what comes in and goes out in bulk: imports and exports of files."""
