"""`crmesh report`: one page of pictures, made through the public API with the caller's own rights."""
