"""The public names of each module are pinned."""

import pytest

import kcore

PUBLIC = {
    "augment": (
        "ImageDataGenerator Parameters RandomTransform Recipe apply captions matrices "
        "variations warp"
    ),
    "data": (
        "BadFileError FileAudit FileFinding ImageBatches ImageFiles from_arrays from_directory "
        "from_files pure scan split"
    ),
    "datasets": (
        "CorruptFileError DatasetError DatasetNotFoundError DownloadError ImageDataset "
        "MissingFilesError SyntheticDataWarning fashion_mnist load scenes"
    ),
    "images": "FORMATS ImageDecodeError array_to_img img_to_array load_img save_img",
    "initializers": (
        "GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Orthogonal "
        "RandomNormal RandomUniform TruncatedNormal VarianceScaling reinitialize"
    ),
    "explain": (
        "ActivationMaximization Attributions ClassScores FaithfulnessCurve Gradients class_scores "
        "deletion grad_cam grad_cam_plus_plus gradients insertion integrated_gradients layer_cam "
        "maximize_activation occlusion saliency score_cam smooth_grad"
    ),
    "inspect": "Audit Finding Row Trace activations audit trace",
    "layers": (
        "AlphaDropout AveragePooling1D AveragePooling2D AveragePooling3D Conv1D Conv2D Conv3D "
        "Dropout GaussianDropout GaussianNoise MaxPooling1D MaxPooling2D MaxPooling3D "
        "SpatialDropout1D SpatialDropout2D SpatialDropout3D accelerate reproducible"
    ),
    "models": (
        "Classification ExportError ModelFileError ParameterSummary SubclassedMLP "
        "WeightsFileError binary_cnn check_trainable classify cnn compile_binary_classifier "
        "compile_classifier compile_regression export extract_features fine_tune functional_mlp "
        "linear load load_weights mlp parameter_summary save set_class_names subclassed_mlp "
        "train_head transfer"
    ),
    "nn": (
        "avg_pool conv2d conv2d_transpose dense depthwise_conv2d flatten max_pool separable_conv2d"
    ),
    "preprocess": "preprocess_input",
    "random": (
        "bernoulli bits draw_seed fold_in integers key normal permutation sample_keys split uniform"
    ),
    "shapes": (
        "AdaptiveWindow ReceptiveField TransposedWindow Window Windows adaptive_pool_windows "
        "conv_transpose_windows conv_windows depthwise_conv_windows "
        "global_pool_windows global_window pool_window pool_windows spatial_sizes"
    ),
    "training": "CheckTargets StopAtNonFinite StopAtTarget distribute fit",
    "visualize": (
        "FeatureMapWriter LiveReport Mistake ReportFile confusion_matrix feature_grid filters "
        "gallery misclassified overlay plot_confusion_matrix plot_history report worst_mistakes"
    ),
}


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_are_pinned(module):
    assert sorted(getattr(kcore, module).__all__) == sorted(PUBLIC[module].split())


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_exist_and_are_documented(module):
    for name in getattr(kcore, module).__all__:
        assert getattr(getattr(kcore, module), name).__doc__


def test_every_public_module_is_pinned():
    assert set(PUBLIC) == set(kcore.__all__) - {"__version__"}
