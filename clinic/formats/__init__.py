"""How a language writes dates. A folder per language; what it does not say comes from Django's own formats."""
