"""The cache: what can be made again and is kept, since making it takes long. Who uses an entry of it, what there is, pruning."""
