"""A plugin: next-character prediction on one sentence, a kind of task that the project does not know."""
