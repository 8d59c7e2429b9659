"""The command line, with the same functions as the pages. `python -m core --help` lists the commands."""
