"""Photos from one domain to the other and back: translated at their own size, judged, and a training watched for its health."""

REVERSE_DIRECTION = {"a2b": "b2a", "b2a": "a2b"}
"""Both directions, each with the way back."""
