"""What a person does at the keyboard: each command, its refusals, and what hostile input gets."""
