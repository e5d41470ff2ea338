"""From templates and a recipient's variables to the octets of a message. Connects to nothing."""
