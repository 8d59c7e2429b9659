"""Detection, segmentation and their annotations."""

from __future__ import annotations

from core.learning_path.concept import Concept, Group
from core.messages import N_

GROUP = Group(
    "detection",
    N_("Detection and segmentation"),
    (
        Concept(
            id="coco",
            number=59,
            title=N_("The COCO data set"),
            text=N_(
                "COCO contains 330,000 photos, more than 200,000 of them labeled with objects of 80 "
                "categories. Most detectors are trained and compared on it. The page counts images and "
                "instances per category, and shows which categories occur together."
            ),
            image="home/browse",
            alt=N_("Photos in which people, cats, horses and an elephant are outlined"),
            page="browse",
            parameters={"view": "statistics"},
            terms=("coco",),
        ),
        Concept(
            id="bounding-box",
            number=60,
            title=N_("Bounding boxes and IoU"),
            text=N_(
                "A bounding box is given by x, y, width and height. Two boxes are compared by IoU: the area "
                "of their intersection divided by the area of their union. The page filters images by their "
                "objects; open one and switch on “Boxes”."
            ),
            image="glossary/iou",
            page="browse",
            parameters={"view": "images", "where": "instances>=2"},
            after=("coco",),
            terms=(
                "bounding-box",
                "iou",
            ),
        ),
        Concept(
            id="instance-mask",
            number=61,
            title=N_("Instance masks"),
            text=N_(
                "Semantic segmentation labels pixels by class; an instance mask also separates one object "
                "from the next. COCO stores masks as polygons, and crowds as run lengths (RLE). The page "
                "colors every instance: look for images with many of them."
            ),
            image="glossary/instance-mask",
            page="browse",
            parameters={"view": "images", "where": "instances>=5"},
            after=("coco",),
            terms=(
                "instance-mask",
                "rle",
                "crowd",
            ),
        ),
        Concept(
            id="keypoints",
            number=62,
            title=N_("Keypoints"),
            text=N_(
                "Keypoints are named points of the body, such as the left wrist; COCO defines 17 for a "
                "person. Each has x, y and a flag that says whether it is visible. The page opens with the "
                "images that have keypoints."
            ),
            image="glossary/keypoint",
            page="browse",
            parameters={"view": "images", "where": "keypoints>=1"},
            after=("coco",),
            terms=(
                "keypoint",
                "keypoint-visibility",
            ),
        ),
        Concept(
            id="annotation-errors",
            number=63,
            title=N_("Annotation errors"),
            text=N_(
                "Annotations made by people contain mistakes: duplicates, boxes that do not fit their mask, "
                "empty instances. A model learns these mistakes too. The page lists suspicious annotations by"
                " type, each with its image."
            ),
            image="glossary/label",
            page="browse",
            parameters={"view": "oddities"},
            after=(
                "bounding-box",
                "instance-mask",
            ),
        ),
        Concept(
            id="r-cnn",
            number=64,
            title=N_("R-CNN and Faster R-CNN"),
            text=N_(
                "R-CNN (2014) takes regions proposed by another method and classifies each with a CNN. Faster"
                " R-CNN (2015) computes the feature maps once, and a small network proposes the regions from "
                "them. Each proposal gets a class and a corrected box."
            ),
            image="own/r-cnn",
            alt=N_("Feature maps with proposed regions, each with a class"),
            after=(
                "bounding-box",
                "convolution",
            ),
        ),
        Concept(
            id="yolo",
            number=65,
            title=N_("YOLO and SSD"),
            text=N_(
                "YOLO v1 (2015) divides the image into a 7×7 grid; each cell predicts boxes and class "
                "probabilities in a single pass. SSD predicts from maps of several sizes, for small and large"
                " objects. Of overlapping boxes for one object, only the best is kept (non-maximum "
                "suppression)."
            ),
            image="own/yolo",
            alt=N_("A grid over an image; one cell predicts a box"),
            after=(
                "bounding-box",
                "convolution",
            ),
        ),
        Concept(
            id="mask-r-cnn",
            number=66,
            title=N_("Mask R-CNN"),
            text=N_(
                "Mask R-CNN (2017) adds a branch to Faster R-CNN that predicts a mask within each box. "
                "RoIAlign reads the feature maps at exact positions, without rounding to whole cells. The "
                "result is instance segmentation."
            ),
            image="own/mask-r-cnn",
            alt=N_("A box with a class and the mask of the object in it"),
            after=(
                "r-cnn",
                "instance-mask",
            ),
        ),
        Concept(
            id="segmentation",
            number=67,
            title=N_("Semantic segmentation"),
            text=N_(
                "Semantic segmentation predicts a class for every pixel. U-Net (2015) shrinks the feature "
                "maps and enlarges them again, with connections between maps of the same size. Its output is "
                "as large as its input."
            ),
            image="own/segmentation",
            alt=N_("Maps shrink and grow again in the shape of a U"),
            after=(
                "instance-mask",
                "convolution",
            ),
        ),
    ),
)
