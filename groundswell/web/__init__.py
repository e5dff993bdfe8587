"""Floor 11: the house's front: home pages, `/me`, `/hq`, the person page, settings, navigation; serve, doctor, demo."""
