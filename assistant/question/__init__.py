"""The question: follow-ups, framing, scope and plan; pure."""
