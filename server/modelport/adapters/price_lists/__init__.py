"""The price lists: those that ship with the package, those that the user fetched, and what reads them."""
