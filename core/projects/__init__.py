"""Photo projects: a user's own photos, which are also a private data set and private tasks.

`store` holds projects and photos, `intake` adds photos, `checks` finds problems, `splits` divides them, `dataset` and `tasks` make
the data set and the tasks when they are asked for by name.
"""
