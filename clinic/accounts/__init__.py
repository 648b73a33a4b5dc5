"""Who works here: roles, invitations, log-in and what goes with it. It knows neither patients nor texts."""
