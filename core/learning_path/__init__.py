"""The way through the field as the learning notes draw it: concepts, routes, and what a visitor has ticked off."""
