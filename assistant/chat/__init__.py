"""Chat models, held to the same checks as the reader."""
