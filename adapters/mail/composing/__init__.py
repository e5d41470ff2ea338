"""From templates and a recipient's variables to the octets of a message. Makes no connection."""
