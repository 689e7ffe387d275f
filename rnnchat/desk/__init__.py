"""What any front end works with: writing, the open model, contests, trainings, and all of it in words and figures.

Nothing here knows a terminal or a widget, and models stay in processes of their own (`rnnchat.engine`).
"""
