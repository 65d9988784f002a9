"""What the project is made of: bills of materials, and whether anything of it is known to be vulnerable."""
