"""Calls about pipelines and their stages."""

from collections.abc import Mapping

from workers.crm.call import Call
from workers.crm.paths import Paths


class PipelineCalls:
    """A stage id is unique in the whole portal; one that records are in cannot be deleted."""

    paths: Paths

    def pipelines(self, object_type: str) -> Call:
        """List the pipelines of an object type, with their stages."""
        return self._pipeline("pipelines", "GET", object_type)

    def pipeline(self, object_type: str, id: str) -> Call:
        """Read a pipeline, with its stages."""
        return self._pipeline("pipeline", "GET", object_type, id)

    def create_pipeline(self, object_type: str, body: Mapping[str, object]) -> Call:
        """Create a pipeline: `label`, `displayOrder` and `stages`."""
        return self._pipeline("create pipeline", "POST", object_type, body=body)

    def replace_pipeline(self, object_type: str, id: str, body: Mapping[str, object]) -> Call:
        """Put a whole pipeline in the place of another."""
        return self._pipeline("replace pipeline", "PUT", object_type, id, body=body)

    def update_pipeline(self, object_type: str, id: str, body: Mapping[str, object]) -> Call:
        """Change a pipeline's label or place; its stages stay."""
        return self._pipeline("update pipeline", "PATCH", object_type, id, body=body)

    def archive_pipeline(self, object_type: str, id: str) -> Call:
        """Delete a pipeline."""
        return self._pipeline("archive pipeline", "DELETE", object_type, id)

    def stages(self, object_type: str, pipeline_id: str) -> Call:
        """List the stages of a pipeline."""
        return self._pipeline("stages", "GET", object_type, pipeline_id, "stages")

    def stage(self, object_type: str, pipeline_id: str, id: str) -> Call:
        """Read a stage."""
        return self._pipeline("stage", "GET", object_type, pipeline_id, "stages", id)

    def create_stage(self, object_type: str, pipeline_id: str, body: Mapping[str, object]) -> Call:
        """Create a stage: `label`, `displayOrder` and `metadata`."""
        return self._pipeline("create stage", "POST", object_type, pipeline_id, "stages", body=body)

    def update_stage(
        self, object_type: str, pipeline_id: str, id: str, body: Mapping[str, object]
    ) -> Call:
        """Change a stage."""
        return self._pipeline(
            "update stage", "PATCH", object_type, pipeline_id, "stages", id, body=body
        )

    def archive_stage(self, object_type: str, pipeline_id: str, id: str) -> Call:
        """Delete a stage that no record is in."""
        return self._pipeline("archive stage", "DELETE", object_type, pipeline_id, "stages", id)

    def _pipeline(
        self,
        name: str,
        method: str,
        object_type: str,
        *segments: str,
        body: Mapping[str, object] | None = None,
    ) -> Call:
        return Call(
            name=name,
            object_type=object_type,
            method=method,
            path=self.paths.to("pipelines", object_type, *segments),
            body=None if body is None else dict(body),
            repeat_safe=method != "POST",
            silent=method == "DELETE",
        )
