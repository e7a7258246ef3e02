"""De-identification of what an archive holds: its projects, jobs, and objects on their way out (PS3.15 Annex E).

``deid`` says what is done to an object; here is whose objects, under which project, where to, and what is noted of it.
"""
