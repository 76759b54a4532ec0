"""The console: pages for the people who look after the events, made on the server."""
