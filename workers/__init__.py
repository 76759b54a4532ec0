"""The pipeline: from an accepted event to the CRM, in the order of the data."""
