"""The command line: the same paths as the pages, headless. `python -m core --help` lists the commands."""
