"""A stand-in for HubSpot's CRM: its own program, importing nothing of Hookline's."""
