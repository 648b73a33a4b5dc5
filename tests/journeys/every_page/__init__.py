"""A walk over every page, in each state it can be in: what must be wrong with none of them is in `walker`."""
