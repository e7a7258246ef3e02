// What @cornerstonejs/core takes from @cornerstonejs/metadata, without that package's own DICOM reader (dcmjs, 250 KB
// compressed): the viewer reads DICOM JSON itself and only answers core's questions through a provider.

export * as metaData from '@cornerstonejs/metadata/metaData';
import CalibrationTypes from '@cornerstonejs/metadata/enums/CalibrationTypes';
import MetadataModules from '@cornerstonejs/metadata/enums/MetadataModules';
import calibratedPixelSpacingMetadataProvider from '@cornerstonejs/metadata/utilities/calibratedPixelSpacingMetadataProvider';
import getPixelSpacingInformation, { calculateRadiographicPixelSpacing } from '@cornerstonejs/metadata/utilities/getPixelSpacingInformation';
import imageIdToURI from '@cornerstonejs/metadata/utilities/imageIdToURI';
import isVideoTransferSyntax, { videoUIDs } from '@cornerstonejs/metadata/utilities/isVideoTransferSyntax';
import splitImageIdsBy4DTags, { handleMultiframe4D, generateFrameImageId } from '@cornerstonejs/metadata/utilities/splitImageIdsBy4DTags';

export const Enums = { CalibrationTypes, MetadataModules };
export const utilities = {
  calculateRadiographicPixelSpacing,
  calibratedPixelSpacingMetadataProvider,
  generateFrameImageId,
  getPixelSpacingInformation,
  handleMultiframe4D,
  imageIdToURI,
  isVideoTransferSyntax,
  splitImageIdsBy4DTags,
  videoUIDs,
};
