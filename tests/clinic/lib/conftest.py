from hypothesis import settings

# The first number of a country loads its plan, and two cores are shared: a slow example proves nothing.
settings.register_profile("clinic", deadline=None)
settings.load_profile("clinic")
