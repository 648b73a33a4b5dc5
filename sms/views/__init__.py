"""Pages about texts. Each view admits, validates, calls one function and answers."""
