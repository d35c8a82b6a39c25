"""How fast a model trains, and in how much memory, by its layer and the length of its sequences."""
