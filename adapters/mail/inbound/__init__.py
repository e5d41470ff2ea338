"""From the octets of one message to what it means. Pure: no socket, no file, no clock."""
