"""The risk service: the register, credit and its exposure, contracts and incidents."""
