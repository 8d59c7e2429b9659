"""Photos from one domain to the other and back: translated at their own size, judged, and a training watched for its health."""
