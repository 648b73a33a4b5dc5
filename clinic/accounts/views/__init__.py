"""Pages about log-in and the team. Each view admits, validates, calls one function and answers."""
