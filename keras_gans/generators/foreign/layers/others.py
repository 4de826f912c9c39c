"""Layers of Keras without a rule. A file with one is refused, but not as the code of its author."""

_OF_KERAS_3 = """
AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D
AdaptiveMaxPooling2D AdaptiveMaxPooling3D AdditiveAttention Attention AugMix AutoContrast
AveragePooling3D Bidirectional CenterCrop
ContrastLimitedAdaptiveHistogramEqualization Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D
ConvLSTM3D Cropping3D CutMix Discretization Dot EinsumDense Equalization FlaxLayer GRUCell
GlobalAveragePooling3D GlobalMaxPooling3D GroupNormalization GroupedQueryAttention HashedCrossing
Hashing IntegerLookup JaxLayer LSTMCell Masking MaxNumBoundingBoxes MaxPooling3D MelSpectrogram
MixUp MultiHeadAttention Normalization Pipeline RMSNormalization RNN RandAugment RandomBrightness
RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert
RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear
RandomTranslation RandomZoom Resizing ReversibleEmbedding STFTSpectrogram SimpleRNNCell
Solarization SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup TFSMLayer
TextVectorization TimeDistributed TorchModuleWrapper UnitNormalization UpSampling3D ZeroPadding3D
"""
_OF_OLDER_VERSIONS = """
AtrousConvolution1D AtrousConvolution2D ConvLSTM2DCell CuDNNGRU CuDNNLSTM DenseFeatures Highway
LocallyConnected1D LocallyConnected2D MaxoutDense Merge PeepholeLSTMCell RandomFourierFeatures
RandomHeight RandomWidth SequenceFeatures
"""
UNSUPPORTED = frozenset((_OF_KERAS_3 + _OF_OLDER_VERSIONS).split())
"""Names of the classes."""
