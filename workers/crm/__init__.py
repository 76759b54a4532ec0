"""The CRM: calls as data, the client that sends them, and what the answers mean."""
