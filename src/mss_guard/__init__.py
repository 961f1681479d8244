"""SMTP/LMTP proxy that lets health data leave only to MSSanté."""
