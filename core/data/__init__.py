"""Data sets as plain arrays: declared by `DatasetInfo`, loaded by `load_dataset`."""

from core.data.dataset import ArrayDataset
from core.data.fingerprint import check_same_dataset, same_test_set
from core.data.loading import DatasetStatus, dataset_status, download_dataset, find_dataset, load_dataset
from core.data.registry import (
    MAX_AUTO_DOWNLOAD_BYTES,
    DatasetInfo,
    ProgressCallback,
    dataset_info,
    list_datasets,
    list_source_datasets,
    register_dataset,
    unregister_dataset,
)
from core.data.splits import SPLIT_SEED, stratified_subset, train_val_split

__all__ = [
    "MAX_AUTO_DOWNLOAD_BYTES",
    "SPLIT_SEED",
    "ArrayDataset",
    "DatasetInfo",
    "DatasetStatus",
    "ProgressCallback",
    "check_same_dataset",
    "dataset_info",
    "dataset_status",
    "download_dataset",
    "find_dataset",
    "list_datasets",
    "list_source_datasets",
    "load_dataset",
    "register_dataset",
    "same_test_set",
    "stratified_subset",
    "train_val_split",
    "unregister_dataset",
]
