"""`nbgrader zip_collect` without its unpacking: downloads are read as `autograder collect` reads them.

nbgrader_config.py names this class. What arrives in `downloaded/ASSIGNMENT/extracted/` is the assignment's
notebooks alone, each in a folder with the name of its student; nbgrader takes it from there.
"""

from __future__ import annotations

from pathlib import Path

from nbgrader.plugins import ExtractorPlugin
from traitlets.config import Config

from autograder.course.folders import Folders
from autograder.platforms.collect import collect


class DownloadReader(ExtractorPlugin):  # type: ignore[misc]
    """Takes notebooks out of learning platforms' downloads; `autograder collect` has more options."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Fill `extracted_path` from the zip files in `archive_path`, or from what lies there unpacked.

        Raises UsageError if whose file is which cannot be told.
        """
        course = self.parent.coursedir
        places = Config()
        places.CourseDirectory.root = course.root
        places.CourseDirectory.submitted_directory = str(Path(extracted_path).relative_to(course.root))
        places.CourseDirectory.directory_structure = "{nbgrader_step}/{student_id}/{assignment_id}"
        folders = Folders.of(Path(course.root), places)
        archive = Path(archive_path)
        for download in sorted(archive.glob("*.zip")) or [archive]:
            collected = collect(folders, course.assignment_id, download)
            for line in collected.lines():
                self.log.warning(line) if line in collected.refused else self.log.info(line)
