"""Floor 9: what comes in and goes out in bulk: imports and exports of files.

Layout: a kind of file known by its columns. Field: what we call what a column says. Problem: what is wrong with a row,
in the words of whoever has the file before them. A row is loaded or named; it never just goes missing.
"""
