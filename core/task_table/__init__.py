"""The tasks of the project by data set; `core.tasks` joins them into one table. Imports without torch."""
