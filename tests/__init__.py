"""What must stay true: each room of the house, and the law across them."""
